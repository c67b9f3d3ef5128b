import type { Environment } from '@marcbachmann/cel-js';
import { compareQuantity, parseQuantity, type Quantity } from '../../core/quantity.ts';
import { orFail } from './or-fail.ts';

class Amount {
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    this.quantity = quantity;
  }
}

const NANOS = 10n ** 9n;

/** `quantity` and its arithmetic (pkg/cel/library/quantity.go). */
export function registerQuantities(environment: Environment): void {
  const amount = (text: string) =>
    new Amount(orFail(parseQuantity(text), `quantity ${JSON.stringify(text)} parse error`));
  const sign = (nanos: bigint) => (nanos > 0n ? 1n : nanos < 0n ? -1n : 0n);
  const compare = (a: Amount, b: Amount) => compareQuantity(a.quantity, b.quantity);
  const plus = ({ quantity }: Amount, nanos: bigint) => new Amount({ ...quantity, nanos: quantity.nanos + nanos });
  environment
    .registerType('kubernetes.Quantity', Amount)
    .registerOperator('kubernetes.Quantity == kubernetes.Quantity', (a: Amount, b: Amount) => compare(a, b) === 0)
    .registerFunction('quantity(string): kubernetes.Quantity', amount)
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction('kubernetes.Quantity.sign(): int', ({ quantity }: Amount) => sign(quantity.nanos))
    .registerFunction('kubernetes.Quantity.isInteger(): bool', ({ quantity }: Amount) => quantity.nanos % NANOS === 0n)
    .registerFunction('kubernetes.Quantity.asInteger(): int', ({ quantity }: Amount) =>
      orFail(quantity.nanos % NANOS === 0n ? quantity.nanos / NANOS : undefined, 'cannot convert value to integer'),
    )
    .registerFunction(
      'kubernetes.Quantity.asApproximateFloat(): double',
      ({ quantity }: Amount) => Number(quantity.nanos) / 1e9,
    )
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: Amount, b: Amount) => compare(a, b) > 0,
    )
    .registerFunction(
      'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
      (a: Amount, b: Amount) => compare(a, b) < 0,
    )
    .registerFunction('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: Amount, b: Amount) =>
      BigInt(Math.sign(compare(a, b))),
    )
    .registerFunction('kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity', (a: Amount, b: Amount) =>
      plus(a, b.quantity.nanos),
    )
    .registerFunction('kubernetes.Quantity.add(int): kubernetes.Quantity', (a: Amount, b: bigint) => plus(a, b * NANOS))
    .registerFunction('kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity', (a: Amount, b: Amount) =>
      plus(a, -b.quantity.nanos),
    )
    .registerFunction('kubernetes.Quantity.sub(int): kubernetes.Quantity', (a: Amount, b: bigint) =>
      plus(a, -b * NANOS),
    );
}
