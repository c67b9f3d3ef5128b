import { isIP } from 'node:net';
import type { VirtualServiceSpec } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkCallers, coversHost, isAddressRange, isHostPattern } from './common.ts';

const ID = 'istio/match';

type TcpMatch = NonNullable<NonNullable<VirtualServiceSpec['tcp']>[number]['match']>[number];
type TlsMatch = NonNullable<VirtualServiceSpec['tls']>[number]['match'][number];

/**
 * Checks a match of a VirtualService for what nobody reads but its beginning: TCP, and TLS that goes through.
 *
 * @param hosts of the VirtualService.
 */
export function checkStreamMatch(
  report: Report,
  place: string,
  match: TcpMatch | TlsMatch,
  hosts: readonly string[],
): void {
  const { add } = report;
  checkCallers(report, place, match);
  match.destinationSubnets?.forEach((range, index) => {
    if (isAddressRange(range)) return;
    const message = `${JSON.stringify(range)} is neither an address nor a range of them`;
    add(ID, `${place}.destinationSubnets[${index}]`, message, 'write 10.1.0.0/16');
  });
  if (!('sniHosts' in match)) return;
  const field = `${place}.sniHosts`;
  if (match.sniHosts.length === 0) add(ID, field, 'the match is for no host', 'list hosts of the VirtualService');
  for (const name of match.sniHosts) {
    const shown = JSON.stringify(name);
    if (isIP(name) !== 0) {
      add('istio/ignored', field, `clients do not say the address ${shown} when TLS begins`, 'write the host name');
    } else if (!isHostPattern(name) && !/^outbound_/.test(name)) {
      add(ID, field, `${shown} is no host name`, 'write fraud.example.com: without scheme, port and path');
    } else if (!hosts.some((host) => coversHost(host, name))) {
      add(ID, field, `${shown} is none of the hosts of the VirtualService`, 'list it in spec.hosts, or remove it');
    }
  }
}
