import type { Expectation, Series } from './promtool.ts';

/** How stories for `promtool test rules` are written. */

/** A counter that grows by `perMinute` in each of some minutes, one stretch after the other. */
export function counter(...stretches: readonly (readonly [minutes: number, perMinute: number])[]): string {
  let value = 0;
  return stretches
    .map(([minutes, perMinute]) => {
      const text = `${value}+${perMinute}x${minutes - 1}`;
      value += perMinute * minutes;
      return text;
    })
    .join(' ');
}

/** A gauge that has a value for some minutes, one stretch after the other; `undefined` where it is gone. */
export function gauge(...stretches: readonly (readonly [minutes: number, value: number | undefined])[]): string {
  return stretches
    .map(([minutes, value], index) =>
      value !== undefined ? `${value}x${minutes - 1}` : index === 0 ? `_x${minutes}` : `stale _x${minutes - 1}`,
    )
    .join(' ');
}

/** No alert fires at any time: looked at every five minutes. */
export function silent(minutes: number, matchers = ''): Expectation[] {
  const at = Array.from({ length: Math.floor(minutes / 5) }, (_, index) => (index + 1) * 5);
  return at.map((minute) => ({
    minute,
    query: `ALERTS{alertstate="firing"${matchers === '' ? '' : `,${matchers}`}}`,
    samples: [],
  }));
}

/** So many alerts of a name fire. */
export function firing(minute: number, alert: string, count = 1): Expectation {
  return {
    minute,
    query: `count(ALERTS{alertstate="firing",alertname="${alert}"})`,
    samples: count === 0 ? [] : [{ labels: '{}', value: count }],
  };
}

/** A series by its labels. */
export function series(metric: string, labels: Readonly<Record<string, string>>, values: string): Series {
  return [
    `${metric}{${Object.entries(labels)
      .map(([label, value]) => `${label}="${value}"`)
      .join(',')}}`,
    values,
  ];
}
