/** The environment, and a text that it is a part of, among the names of platform.ts. */
export const environment = { itself: "process.env", joined: "process.env+" } as const;
