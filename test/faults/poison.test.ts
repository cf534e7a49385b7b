import { test } from 'node:test';
import { injectPoison, POISON_CASES } from './poison.ts';

for (const poison of POISON_CASES.filter(({ short }) => short)) {
  test(`a payload that ends the process three times is closed, and its neighbours arrive: ${poison.name}`, () =>
    injectPoison(poison));
}
