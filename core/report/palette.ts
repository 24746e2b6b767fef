/**
 * One colour per task, the same in every view and in the report, never alone: colour and shape together name up to 144
 * tasks. The twelve colours were chosen by annealing in Oklab: the smallest distance between any two of them, as seen
 * normally and with protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009), is as large as the
 * contrast of 3:1 against the ground allows. They are ordered farthest first, so that few tasks differ most.
 */
export const TASK_COLOURS = {
  light: [
    '#2a73d7', '#811e1a', '#c8737d', '#562b8d', '#777801', '#015256',
    '#a74e88', '#0e99b7', '#659d24', '#0f7259', '#5e4cb3', '#894809',
  ],
  dark: [
    '#8ebbfd', '#ca6358', '#fec3c8', '#946fd0', '#bbbd3f', '#14989e',
    '#f191cd', '#75dffd', '#abe37c', '#04be95', '#9c92f7', '#de8232',
  ],
} as const // prettier-ignore

export const TASK_SHAPES = [
  'circle',
  'square',
  'triangle',
  'diamond',
  'cross',
  'triangle-down',
  'plus',
  'star',
  'hexagon',
  'ring',
  'bar',
  'half',
] as const
export type TaskShape = (typeof TASK_SHAPES)[number]

/** Closed paths in a 12 x 12 box, filled even-odd. */
export const SHAPE_PATHS: Record<TaskShape, string> = {
  circle: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10Z',
  square: 'M1.5 1.5h9v9h-9Z',
  triangle: 'M6 .8L11.4 10.6H.6Z',
  diamond: 'M6 .3L11.7 6L6 11.7L.3 6Z',
  cross: 'M2.6.9L6 4.3L9.4.9L11.1 2.6L7.7 6L11.1 9.4L9.4 11.1L6 7.7L2.6 11.1L.9 9.4L4.3 6L.9 2.6Z',
  'triangle-down': 'M6 11.2L.6 1.4H11.4Z',
  plus: 'M4.6 .8h2.8v3.8h3.8v2.8H7.4v3.8H4.6V7.4H.8V4.6h3.8Z',
  star: 'M6 .4L7.6 4.3L11.8 4.6L8.6 7.3L9.6 11.4L6 9.2L2.4 11.4L3.4 7.3L.2 4.6L4.4 4.3Z',
  hexagon: 'M3.2 1.1h5.6L11.6 6L8.8 10.9H3.2L.4 6Z',
  ring: 'M6 .8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 1 1 0-10.4ZM6 3.4a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 1 0 0-5.2Z',
  bar: 'M.8 4h10.4v4H.8Z',
  half: 'M1 6a5 5 0 0 1 10 0v3H1Z',
}

/** Colour index and shape of the task at this place in the task list: each round has other shapes. */
export function markOf(index: number): { colour: number; shape: TaskShape } {
  const colour = index % TASK_COLOURS.light.length
  const lap = Math.floor(index / TASK_COLOURS.light.length)
  return { colour, shape: TASK_SHAPES[(colour + lap) % TASK_SHAPES.length] }
}
