const composed = new Map<object, Set<string | symbol>>();

/** Marks a text field that is stored in the composed form (Unicode NFC). `toInstance` composes it before validation. */
export function Composed(): PropertyDecorator {
  return (target, property) => {
    const fields = composed.get(target) ?? new Set();
    composed.set(target, fields.add(property));
  };
}

/** Returns true if the class or a class that it extends marks the field. */
export function isComposed({ prototype }: { prototype: object }, property: string): boolean {
  for (let target: object | null = prototype; target !== null; target = Object.getPrototypeOf(target) as object | null)
    if (composed.get(target)?.has(property)) return true;
  return false;
}
