/**
 * Does some work for each item, a few at a time, and gives the results in the order of the items.
 *
 * @param limit how many at a time.
 * @example await inParallel(models, 4, (model) => registry.verify(model))
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
