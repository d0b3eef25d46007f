/** What DynamoDB's errors say about a call. Names that are not listed: a write may have been made. */

// Not accepted at all: denied, invalid, too many.
const REFUSED =
  /^(AccessDenied|ExpiredToken|IncompleteSignature|InvalidSignature|ItemCollectionSizeLimit|MissingAuthenticationToken|ProvisionedThroughputExceeded|RequestLimitExceeded|ResourceNotFound|Serialization|Throttling|UnrecognizedClient|Validation)/;
// Judged, and not made: the condition, or another write at the same moment.
const LOST = /^(ConditionalCheckFailed|ReplicatedWriteConflict|TransactionCanceled|TransactionConflict)/;

/** Return whether DynamoDB did not accept a request. */
export function isRefused(error) {
  return REFUSED.test(error?.name ?? "");
}

/** Return whether a write was certainly not made. A refused retry says nothing of the first attempt. */
export function wasNotMade(error) {
  const once = (error?.$metadata?.attempts ?? 1) === 1;
  return LOST.test(error?.name ?? "") || (once && isRefused(error));
}
