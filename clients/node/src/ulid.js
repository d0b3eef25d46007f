/** Write ids: ULIDs, which sort by their time. https://github.com/ulid/spec */
import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 26;

/** Return the ULID of a moment, in milliseconds since 1970, with its last ten bytes. */
export function ulidAt(moment, tail) {
  const time = Buffer.alloc(6);
  time.writeUIntBE(moment, 0, 6);
  const value = BigInt(`0x${Buffer.concat([time, tail]).toString("hex")}`);
  const character = (_, n) => ALPHABET[Number((value >> BigInt(5 * (LENGTH - 1 - n))) & 31n)];
  return Array.from({ length: LENGTH }, character).join("");
}

/** Return the moment of a ULID, in milliseconds since 1970, or null for anything else. */
export function momentOf(id) {
  if (id.length !== LENGTH || id[0] > "7" || ![...id].every((c) => ALPHABET.includes(c))) return null;
  return [...id.slice(0, 10)].reduce((moment, c) => moment * 32 + ALPHABET.indexOf(c), 0);
}

/** Return a new ULID of a moment, in seconds since 1970; of now by this machine's clock. */
export function newUlid(moment) {
  return ulidAt(moment == null ? Date.now() : Math.trunc(moment * 1000), randomBytes(10));
}
