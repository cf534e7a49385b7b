/** Faults of what is stored: rules are younger than some of it, and who changes something else did not make them. */
import type { FieldError } from './problem.ts';

/** Those of `stored` that stand in fields which `isTouched` does not name. */
export function untouchedFaults(
  stored: readonly FieldError[],
  isTouched: (field: string) => boolean,
): readonly FieldError[] {
  return stored.filter(({ pointer }) => !isTouched(pointer.split('/', 2)[1] ?? ''));
}

/** Those of `errors` that stood nowhere before. */
export function newFaults(errors: readonly FieldError[], standing: readonly FieldError[]): FieldError[] {
  return errors.filter((error) => !standing.some((other) => isSame(error, other)));
}

function isSame(one: FieldError, other: FieldError): boolean {
  return one.pointer === other.pointer && one.message === other.message;
}
