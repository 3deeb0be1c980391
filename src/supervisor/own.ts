// The bs9 that runs, as a program to start once more: the running file itself, even where it was replaced or deleted.

export const ownProgram = "/proc/self/exe";
