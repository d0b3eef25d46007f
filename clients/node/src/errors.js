/** What DynamoDB's errors say about a call. Names that are not listed: a write may have been made. */

const MEANINGS = {
  // Judged, and not made: the condition, or another write at the same moment.
  conflict: /^(ConditionalCheckFailed|ReplicatedWriteConflict|TransactionConflict)/,
  // Not accepted at all: too many, or denied and invalid.
  throttled: /^(ProvisionedThroughputExceeded|RequestLimitExceeded|Throttling)/,
  refused:
    /^(AccessDenied|ExpiredToken|IncompleteSignature|InvalidSignature|ItemCollectionSizeLimit|MissingAuthenticationToken|ResourceNotFound|Serialization|UnrecognizedClient|Validation)/,
};

/** Return what an error says: conflict, throttled, refused or unanswered. A transaction's reasons count. */
export function meaningOf(error) {
  const reasons = (error?.CancellationReasons ?? []).map(({ Code }) => Code).filter((code) => code && code !== "None");
  const codes = reasons.length ? reasons : [error?.name ?? ""];
  const found = Object.keys(MEANINGS).find((meaning) => codes.some((code) => MEANINGS[meaning].test(code)));
  return found ?? "unanswered";
}

/** Return whether DynamoDB did not accept a request. */
export function isRefused(error) {
  return ["throttled", "refused"].includes(meaningOf(error));
}

/**
 * Return whether a write was certainly not made. What is said of a retry says nothing of the first
 * attempt, but of a transaction: its token tells DynamoDB that both are one.
 */
export function wasNotMade(error) {
  const conflict = meaningOf(error) === "conflict";
  if ((error?.$metadata?.attempts ?? 1) === 1) return conflict || isRefused(error);
  return conflict && error.name === "TransactionCanceledException";
}
