// Classes as they are before the app replaces them: Bun sends no other Response, and @hono/node-server puts its own in place of it.

/** Only on Bun, because Node loads its implementation of fetch when somebody reads this name first. */
export const OwnResponse = (typeof Bun === "undefined" ? undefined : Response) as typeof Response;
export const OwnPromise = Promise;
