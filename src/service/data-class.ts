/**
 * A class whose instances are the data they were made of, so that the vocabulary reads as classes in TypeScript and
 * is the same plain data as in `service.yaml`.
 */
export function dataClass<Spec extends object>(): new (spec: Spec) => Spec {
  const constructor = class {
    constructor(spec: Spec) {
      Object.assign(this, spec);
    }
  };
  return constructor as new (spec: Spec) => Spec;
}
