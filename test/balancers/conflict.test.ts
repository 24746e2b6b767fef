import { expect, it } from 'vitest'
import { Conflict } from '../../core/nn/conflict.ts'
import { gramOf } from './jacobians.ts'

it('counts pairs of negative cosine and averages cosines by task, over the steps since it was last asked', () => {
  const conflict = new Conflict(3)
  expect(conflict.take()).toBeNull()
  conflict.add(gramOf([[1, 0], [0, 2], [-3, 0]])) // prettier-ignore
  // 0 with the second, -1 with the third.
  expect(conflict.take()).toEqual({ negative: 1 / 3, cosine: [-0.5, 0, -0.5] })
  expect(conflict.take()).toBeNull()
  // A task without gradient takes no part.
  conflict.add(gramOf([[1, 0], [0, 0], [1, 0]])) // prettier-ignore
  conflict.add(gramOf([[1, 0], [0, 0], [-1, 0]])) // prettier-ignore
  expect(conflict.take()).toEqual({ negative: 1 / 2, cosine: [0, null, 0] })
})
