import type { LoadBalancer } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkDuration } from './common.ts';

/** How requests are spread over the replicas of a host. */
export function checkLoadBalancer(
  report: Report,
  field: string,
  loadBalancer: LoadBalancer,
  hasOutlierDetection: boolean,
): void {
  const { add } = report;
  const { simple, consistentHash, localityLbSetting: locality, warmup } = loadBalancer;
  if (simple && consistentHash) {
    add('istio/traffic-policy', field, 'simple and consistentHash stand side by side', 'choose one');
  }
  if (consistentHash) {
    const keys = (['httpCookie', 'httpHeaderName', 'httpQueryParameterName', 'useSourceIp'] as const).filter(
      (name) => consistentHash[name],
    );
    if (keys.length !== 1) {
      add(
        'istio/traffic-policy',
        `${field}.consistentHash`,
        `the hash has ${keys.length === 0 ? 'no key' : keys.join(' and ')}`,
        'choose exactly one key',
      );
    }
    checkHash(report, `${field}.consistentHash`, consistentHash);
  }
  checkDuration(report, field, 'warmup.duration', warmup?.duration);
  if (warmup?.aggression != null && warmup.aggression < 1) {
    add('istio/traffic-policy', `${field}.warmup.aggression`, `${warmup.aggression} is below 1`, 'write 1 or more');
  }
  if (locality) checkLocality(report, `${field}.localityLbSetting`, locality, hasOutlierDetection);
}

type Hash = NonNullable<LoadBalancer['consistentHash']>;

function checkHash(report: Report, field: string, { httpCookie, maglev, ringHash, minimumRingSize }: Hash): void {
  const { add } = report;
  const id = 'istio/traffic-policy';
  if (httpCookie) {
    checkDuration(report, field, 'httpCookie.ttl', httpCookie.ttl);
    if (httpCookie.name === '') add(id, `${field}.httpCookie.name`, 'the cookie has no name', 'name it');
    const names = (httpCookie.attributes ?? []).map(({ name }) => name);
    names.forEach((name, index) => {
      if (name !== '' && names.indexOf(name) === index) return;
      const message = name === '' ? 'an attribute has no name' : `attribute ${name} is given twice`;
      add(id, `${field}.httpCookie.attributes[${index}]`, message, 'remove it');
    });
  }
  if (minimumRingSize) {
    const fix = 'write ringHash: { minimumRingSize: … }';
    if (maglev || ringHash) add(id, `${field}.minimumRingSize`, 'two algorithms are chosen', fix);
    else add('istio/deprecated', `${field}.minimumRingSize`, 'minimumRingSize is deprecated', fix);
  }
  if (!maglev) return;
  const { tableSize = 0 } = maglev;
  if (tableSize >= 5_000_011 || !isPrime(tableSize)) {
    add(id, `${field}.maglev.tableSize`, `${tableSize} is no prime number below 5000011`, 'write 65537');
  }
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let factor = 2; factor * factor <= number; factor += 1) if (number % factor === 0) return false;
  return true;
}

type Locality = NonNullable<LoadBalancer['localityLbSetting']>;

function checkLocality({ add }: Report, field: string, locality: Locality, hasOutlierDetection: boolean): void {
  const id = 'istio/traffic-policy';
  const { distribute = [], failover = [], failoverPriority = [] } = locality;
  if (distribute.length > 0 && failover.length > 0) {
    add(id, field, 'distribute and failover stand side by side', 'choose one');
  } else if (distribute.length > 0 && failoverPriority.length > 0) {
    add('istio/ignored', `${field}.failoverPriority`, 'beside distribute it is not asked', 'choose one');
  }
  const topology = failoverPriority.find((label) => TOPOLOGY.has(label));
  if (failover.length > 0 && topology !== undefined) {
    add(id, `${field}.failoverPriority`, `failover decides about ${topology} already`, 'remove it from the list');
  }
  distribute.forEach(({ to = {} }, index) => {
    const place = `${field}.distribute[${index}].to`;
    const sum = Object.values(to).reduce((total, weight) => total + weight, 0);
    if (sum !== 100) add(id, place, `the weights sum to ${sum}`, 'let them sum to 100');
    for (const [where, weight] of Object.entries(to)) {
      if (weight > 0 && weight <= 100) continue;
      add(id, `${place}.${where}`, `weight ${weight} is not between 1 and 100`, 'write the share in per cent');
    }
    checkPlaces({ add }, place, Object.keys(to));
  });
  checkPlaces(
    { add },
    `${field}.distribute`,
    distribute.map(({ from = '' }) => from),
  );
  failover.forEach(({ from = '', to = '' }, index) => {
    const place = `${field}.failover[${index}]`;
    if (from === to) add(id, place, `requests of ${from || 'nowhere'} fail over to where they are`, 'name two regions');
    else if (/[/*]/.test(from + to)) {
      add(id, place, 'only whole regions fail over to each other', 'write the region alone, without zone and "*"');
    }
  });
  if (failover.length + failoverPriority.length > 0 && !hasOutlierDetection) {
    add('istio/ignored', field, 'without outlierDetection nothing ever fails over', 'add outlierDetection');
  }
}

/** What `failover` itself is about. */
const TOPOLOGY: ReadonlySet<string> = new Set([
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
]);

/** Places of which none is part of one before it: `region`, `region/zone`, `region/zone/subzone`, and `*` for the rest. */
function checkPlaces({ add }: Pick<Report, 'add'>, field: string, places: readonly string[]): void {
  const before: string[] = [];
  for (const place of places) {
    const plain = place.replace(/\/?\*$/, '');
    if (
      plain.includes('*') ||
      plain.split('/').length > 3 ||
      (plain === '' ? place !== '*' : /^\/|\/\/|\/$/.test(plain))
    ) {
      add(
        'istio/traffic-policy',
        field,
        `${JSON.stringify(place)} is no place`,
        'write region/zone/subzone, or "*" for the rest',
      );
      continue;
    }
    const within = (one: string, all: string): boolean => all === '' || one === all || one.startsWith(`${all}/`);
    if (before.some((other) => within(plain, other) || (!place.includes('*') && within(other, plain)))) {
      const message = `${JSON.stringify(place)} is part of another place of the list, or has one in it`;
      add('istio/traffic-policy', field, message, 'let the places be apart');
    }
    before.push(plain);
  }
}
