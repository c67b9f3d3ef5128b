import type { Tls } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';

const ID = 'istio/server-tls';

/** TLS that a Gateway or a Sidecar ends. */
export function checkServerTls(report: Report, field: string, tls: Tls): void {
  const { add } = report;
  const {
    mode = 'PASSTHROUGH',
    credentialName,
    credentialNames = [],
    tlsCertificates = [],
    caCertificates,
    caCrl,
  } = tls;
  const { serverCertificate, privateKey } = tls;
  checkCiphers(report, field, tls);
  const named = Boolean(credentialName) || credentialNames.length > 0;
  const written = named || Boolean(serverCertificate || privateKey || caCertificates) || tlsCertificates.length > 0;
  if (mode === 'ISTIO_MUTUAL') {
    if (!written) return;
    add(ID, field, "with ISTIO_MUTUAL the certificates are Istio's", 'remove the certificates, or write MUTUAL');
    return;
  }
  const ends = mode !== 'PASSTHROUGH' && mode !== 'AUTO_PASSTHROUGH';
  if (!ends && (written || caCrl)) {
    const message = `with ${mode} TLS goes through, and no certificate is shown here`;
    add('istio/ignored', field, message, 'remove the certificates, or write mode: SIMPLE');
  }
  const sources = [serverCertificate && privateKey, credentialName, credentialNames.length, tlsCertificates.length];
  if (sources.filter(Boolean).length > 1) {
    const fix = 'choose one of credentialName, credentialNames, tlsCertificates, and serverCertificate with privateKey';
    add(ID, field, 'certificates are named twice', fix);
  }
  if (ends && named) return;
  if (caCrl && (mode === 'SIMPLE' || credentialName)) {
    const message =
      mode === 'SIMPLE' ? 'nobody shows a certificate that could be revoked' : 'the list is in the Secret';
    add(ID, `${field}.caCrl`, message, 'remove caCrl, or write mode: MUTUAL with files');
  }
  if (!ends) return;
  if (mode !== 'SIMPLE' && !caCertificates) {
    const fix = 'write credentialName, or caCertificates';
    add(ID, field, `${mode} has nothing to verify callers by`, fix);
  }
  const pairs = tlsCertificates.length > 0 ? tlsCertificates : [tls];
  if (pairs.some((pair) => !pair.serverCertificate || !pair.privateKey)) {
    add(ID, field, `${mode} has no certificate to show`, 'write credentialName, or serverCertificate and privateKey');
  }
}

/** Suites that the proxy knows (istio 1.30.3 pkg/config/security ValidCipherSuites). */
const CIPHERS =
  /^(?:ECDHE-(?:ECDSA|RSA)-(?:AES128-GCM-SHA256|AES256-GCM-SHA384|CHACHA20-POLY1305|AES(?:128|256)-SHA)|AES128-GCM-SHA256|AES256-GCM-SHA384|AES(?:128|256)-SHA|DES-CBC3-SHA|ALL|)$/;

function checkCiphers({ add }: Report, field: string, { cipherSuites = [], minProtocolVersion }: Tls): void {
  if (cipherSuites.length === 0 && (minProtocolVersion === 'TLSV1_0' || minProtocolVersion === 'TLSV1_1')) {
    const message = 'no suite that the proxy offers by itself is one of versions before 1.2';
    add('istio/ignored', `${field}.minProtocolVersion`, message, 'write TLSV1_2, or cipherSuites');
  }
  cipherSuites.forEach((suite, index) => {
    // What begins with another character is an expression, as `-ALL`.
    const known = CIPHERS.test(suite) || !/^[a-z0-9]/i.test(suite);
    if (known && cipherSuites.indexOf(suite) === index) return;
    const message = `${JSON.stringify(suite)} is ${known ? 'listed twice' : 'no suite that the proxy has'}`;
    add('istio/ignored', `${field}.cipherSuites[${index}]`, message, 'remove it');
  });
}
