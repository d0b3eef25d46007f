/** How long a client of the AWS SDK v3 waits. The fence counts on an answer within 0.5 s. */

// Without throwOnRequestTimeout, current versions of the SDK log a warning and wait on.
export const TIME_LIMITS = { connectionTimeout: 200, requestTimeout: 500, throwOnRequestTimeout: true };

/** Give a client's request handler the time limits, where it has none of its own. */
export async function limit(handler) {
  if (typeof handler?.updateHttpClientConfig !== "function") return;
  const own = (await handler.configProvider) ?? handler.httpHandlerConfigs?.() ?? {};
  const { connectionTimeout, ...answer } = TIME_LIMITS;
  const missing = {
    ...(!own.connectionTimeout && { connectionTimeout }),
    ...(!own.requestTimeout && !own.socketTimeout && answer),
  };
  for (const [key, value] of Object.entries(missing)) handler.updateHttpClientConfig(key, value);
}
