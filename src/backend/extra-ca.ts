import { readFileSync } from "node:fs";
import tls from "node:tls";

const trusted = new Set<string>();

/**
 * Trusts the certificates of a file, by default that of NODE_EXTRA_CA_CERTS, in every TLS connection opened from now on, as Node does when it finds the variable at its
 * start; our executables hide it from Node, which would read the file even if nothing is encrypted. As there, a file that cannot be read
 * is a warning.
 */
export function trustExtraCertificates(file = process.env.NODE_EXTRA_CA_CERTS): void {
  if (!file || trusted.has(file)) return;
  trusted.add(file);
  try {
    addToEveryContext(readFileSync(file, "utf8"));
  } catch (error) {
    process.emitWarning(`Ignoring extra certs from ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

function addToEveryContext(pem: string): void {
  const create = tls.createSecureContext;
  tls.createSecureContext = (options) => {
    const secure = create(options);
    // A `ca` replaces Node's own list, and so this addition to it.
    if (!options?.ca) (secure.context as { addCACert(pem: string): void }).addCACert(pem);
    return secure;
  };
}
