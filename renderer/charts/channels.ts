import { SHAPE_PATHS, TASK_COLOURS, TASK_SHAPES, taskMark } from '../style/palette.ts'
import type { TaskShape } from '../style/palette.ts'

/**
 * What tells one task or method from another: a colour, and a second channel that works without it, a point shape
 * and a dash. Tasks have the colours of style/palette.ts; methods have six of their own, so that a line of a method
 * is never read as a task.
 */
export type Hue = { of: 'task' | 'method'; index: number }
export type Theme = 'light' | 'dark'

export const METHOD_COLOURS = {
  light: ['#0f5b70', '#b4501a', '#6b3fa0', '#4f6a1a', '#a3225e', '#5b6770'],
  dark: ['#7cc4d6', '#eca26c', '#bda3ec', '#b3cf74', '#f093bb', '#aab1b7'],
} as const

const DASHES: readonly number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3]]

export const task = (index: number): Hue => ({ of: 'task', index })
export const method = (index: number): Hue => ({ of: 'method', index })

export function colourOf({ of, index }: Hue, theme: Theme): string {
  const colours = of === 'task' ? TASK_COLOURS[theme] : METHOD_COLOURS[theme]
  return colours[index % colours.length]
}

export const shapeOf = ({ of, index }: Hue): TaskShape =>
  of === 'task' ? taskMark(index).shape : TASK_SHAPES[index % TASK_SHAPES.length]

/** Methods differ by dash from the first on; tasks after each round of colours. */
export const dashOf = ({ of, index }: Hue): number[] =>
  DASHES[of === 'task' ? Math.floor(index / TASK_COLOURS.light.length) % DASHES.length : index % DASHES.length]

/** Closed path in a 12 x 12 box, even-odd. */
export const shapePath = (hue: Hue): string => SHAPE_PATHS[shapeOf(hue)]
