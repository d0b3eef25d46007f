"use strict";
// Names of the lab's zone and of its APIs resolve by the lab's DNS server, and lead to the Regions'
// entries, as in worker_site/sitecustomize.py. No connection leaves for AWS itself.

const dns = require("node:dns");
const net = require("node:net");

const API = /\.execute-api\.[a-z0-9-]+\.amazonaws\.com$/;
const AWS = /\.(amazonaws\.com(\.cn)?|on\.aws)$/;

function refusal(code, message) {
  return Object.assign(new Error(message), { code });
}

function toAws(host) {
  return refusal(
    "ENOTFOUND",
    `${host} is not in the lab: the AWS SDK has to read AWS_ENDPOINT_URL, as current ones of v3 do.`,
  );
}

/** Return a function that gives the entry's `{ host, port }` of a name, or an error. */
function entryOf(env) {
  const pairs = (env.LAB_ENTRIES ?? "").split(",").filter(Boolean);
  const entries = new Map(pairs.map((pair) => pair.split("=")));
  const resolver = new dns.Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([env.LAB_DNS]);
  return (name, done) =>
    resolver.resolve4(name, (error, addresses = []) => {
      const entry = addresses.map((address) => entries.get(address)).find(Boolean);
      if (!entry) return done(error ?? refusal("ENOTFOUND", `${name} does not resolve`));
      const [host, port] = entry.split(":");
      return done(null, { host, port: Number(port) });
    });
}

/** Let connections to the lab's names find their entry. */
function knowLabNames(env) {
  const zones = env.LAB_ZONES.split(",");
  const find = entryOf(env);
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function connectInLab(...given) {
    const [options, done] = Array.isArray(given[0]) ? given[0] : net._normalizeArgs(given);
    const host = String(options.host ?? "").replace(/\.$/, "");
    const ours = zones.some((zone) => host.endsWith(`.${zone}`)) || API.test(host);
    if (!ours && !AWS.test(host)) return connect.apply(this, given);
    this.connecting = true;
    if (!ours) {
      process.nextTick(() => this.destroy(toAws(host)));
      return this;
    }
    find(host, (error, entry) => {
      if (error) this.destroy(error);
      else if (!this.destroyed) connect.call(this, { ...options, ...entry }, done);
    });
    return this;
  };
}

module.exports = { knowLabNames };
