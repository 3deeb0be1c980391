// The bs9 that runs, as a program to start once more: the running file itself, even where it was replaced or deleted.

export const ownProgram = "/proc/self/exe";

/** In the environment of a supervisor that a command has brought up. */
export const backgroundVariable = "BS9_BACKGROUND";
