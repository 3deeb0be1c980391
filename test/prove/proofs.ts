// Every long proof, in the order in which `npm run prove` runs them.
import type { Proof } from "./proof.ts";

export const proofs: Proof[] = [];
