import { expect, it } from 'vitest'
import { UserError } from '../../core/errors.ts'
import { pack, take, unpack } from '../../core/pack.ts'
import { readPredictions, writePredictions } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'

const header = { name: '温度 "x"', deep: [1, { a: null }] }
const arrays = {
  f: Float32Array.of(1.5, -2),
  d: Float64Array.of(Math.PI, NaN, -0),
  i: Int32Array.of(-7),
  u: Uint8Array.of(1, 2, 3),
  none: new Float64Array(0),
}

it('gives back what was put in, whatever the bytes lie in', () => {
  const bytes = pack(header, arrays)
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  for (const from of [bytes, shifted.subarray(3), Buffer.from(shifted.buffer, 3)]) {
    const back = unpack(from)
    expect(back.header).toEqual(header)
    expect(Object.fromEntries(back.arrays)).toEqual(arrays)
  }
  expect(pack(header, arrays)).toEqual(bytes)
})

it('refuses arrays of another type or length', () => {
  const back = unpack(pack(header, arrays))
  expect(take(back, 'i', 'i32', 1)).toEqual(Int32Array.of(-7))
  expect(() => take(back, 'i', 'f32')).toThrow(/another type than f32/)
  expect(() => take(back, 'i', 'i32', 2)).toThrow(/1 numbers in "i" where 2 belong/)
  expect(() => take(back, 'missing', 'i32')).toThrow(/no array "missing"/)
})

it('answers damaged bytes with a UserError and nothing else', () => {
  const bytes = pack(header, arrays)
  const random = rng('damage')
  let refused = 0
  for (let k = 0; k < 2000; k++) {
    const hurt = k % 2 ? bytes.slice(0, random.int(bytes.length)) : bytes.slice()
    if (k % 2 === 0) for (let n = 0; n < 4; n++) hurt[random.int(120)] = random.int(256)
    try {
      unpack(hurt)
    } catch (error) {
      expect(error).toBeInstanceOf(UserError)
      expect((error as UserError).json.code).toBe('damaged-pack')
      refused++
    }
  }
  expect(refused).toBeGreaterThan(1200)
})

it('keeps predictions, with NaN where there is none, and refuses those that do not fit together', () => {
  const said = {
    tasks: [
      { id: 'Y1', target: 0, kind: 'regression' as const, classes: null, plain: [2.5] },
      { id: 'c', target: 1, kind: 'multiclass' as const, classes: ['a', 'b', 'c'], plain: [0.5, 0.25, 0.25] },
    ],
    rows: Int32Array.of(4, 9),
    episode: Int32Array.of(0, 0),
    weight: Float64Array.of(1, 2),
    targets: [
      {
        width: 1,
        task: Int32Array.of(0, 0),
        truth: Float64Array.of(1, NaN),
        observed: Uint8Array.of(1, 0),
        values: Float64Array.of(1.5, NaN),
      },
      {
        width: 3,
        task: Int32Array.of(1, -1),
        truth: Float64Array.of(2, NaN),
        observed: Uint8Array.of(1, 0),
        values: new Float64Array(6).fill(1 / 3),
      },
    ],
  }
  expect(readPredictions(writePredictions(said))).toEqual(said)
  const stray = { ...said, targets: [{ ...said.targets[0], task: Int32Array.of(0, 7) }, said.targets[1]] }
  expect(() => readPredictions(writePredictions(stray))).toThrow(/unknown task/)
  const short = { ...said, episode: Int32Array.of(0) }
  expect(() => readPredictions(writePredictions(short))).toThrow(/1 numbers in "episode" where 2 belong/)
})
