// The running bs9 as a program that can be started again: the running file itself, even where it was replaced or deleted.

export const ownProgram = "/proc/self/exe";

/** Set in the environment of a supervisor that a command has started. */
export const backgroundVariable = "BS9_BACKGROUND";
