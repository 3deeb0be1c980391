// Random text from the Web Crypto API: node:crypto loads node:stream, which takes 12 ms of every command.

/** `bytes` random bytes in hexadecimal. */
export const randomHex = (bytes: number): string => crypto.getRandomValues(new Uint8Array(bytes)).toHex();
