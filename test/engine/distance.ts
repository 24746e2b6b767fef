import { expect } from 'vitest'
import type { Tensor } from '../../core/engine/index.ts'

/** The largest |a - b| / max(1, |b|) over all outputs, whose names and shapes must be the same. */
export function distance(got: Record<string, Tensor>, wanted: Record<string, Tensor>): number {
  expect(Object.keys(got)).toEqual(Object.keys(wanted))
  let worst = 0
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    expect(got[name].shape, name).toEqual(shape)
    expect(got[name].data.length, name).toBe(data.length)
    for (let i = 0; i < data.length; i++) {
      const [a, b] = [Number(got[name].data[i]), Number(data[i])]
      const gap = Math.abs(a - b) / Math.max(1, Math.abs(b))
      worst = Number.isNaN(gap) ? Infinity : Math.max(worst, gap)
    }
  }
  return worst
}
