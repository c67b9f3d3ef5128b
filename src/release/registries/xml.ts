/** Text of the first element of that name; the lists of object storage nest none of the same name. */
export function xmlText(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
  return text.replace(/&(?:lt|gt|quot|apos|amp|#x?[0-9a-f]+);/gi, (entity) => ENTITIES[entity] ?? characterOf(entity));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

function characterOf(entity: string): string {
  const [, hex, digits = ''] = /^&#(x?)([0-9a-f]+);$/i.exec(entity) ?? [];
  const code = parseInt(digits, hex ? 16 : 10);
  return Number.isNaN(code) || code > 0x10ffff ? entity : String.fromCodePoint(code);
}
