/** Attributes as DynamoDB returns them. Anybody may have written a row by another way. */

/** Return a whole number that is exact, or null for anything else. */
export function number(attribute) {
  const found = /^-?\d+$/.test(attribute?.N ?? "") ? Number(attribute.N) : null;
  return Number.isSafeInteger(found) ? found : null;
}
