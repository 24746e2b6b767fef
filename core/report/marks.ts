import { html, type Markup } from './html.ts'

/**
 * Colour and shape of a task by its place in the list, the same as on screen (renderer/style/palette.ts; a test holds
 * the two equal): twelve colours that stay apart with any colour vision, each round with other shapes.
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
} // prettier-ignore

/** Closed paths in a 12 x 12 box, even-odd. */
export const SHAPES = [
  'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10Z',
  'M1.5 1.5h9v9h-9Z',
  'M6 .8L11.4 10.6H.6Z',
  'M6 .3L11.7 6L6 11.7L.3 6Z',
  'M2.6.9L6 4.3L9.4.9L11.1 2.6L7.7 6L11.1 9.4L9.4 11.1L6 7.7L2.6 11.1L.9 9.4L4.3 6L.9 2.6Z',
  'M6 11.2L.6 1.4H11.4Z',
  'M4.6 .8h2.8v3.8h3.8v2.8H7.4v3.8H4.6V7.4H.8V4.6h3.8Z',
  'M6 .4L7.6 4.3L11.8 4.6L8.6 7.3L9.6 11.4L6 9.2L2.4 11.4L3.4 7.3L.2 4.6L4.4 4.3Z',
  'M3.2 1.1h5.6L11.6 6L8.8 10.9H3.2L.4 6Z',
  'M6 .8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 1 1 0-10.4ZM6 3.4a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 1 0 0-5.2Z',
  'M.8 4h10.4v4H.8Z',
  'M1 6a5 5 0 0 1 10 0v3H1Z',
]

export function markOf(index: number): { colour: number; shape: string } {
  const colour = index % TASK_COLOURS.light.length
  const lap = Math.floor(index / TASK_COLOURS.light.length)
  return { colour, shape: SHAPES[(colour + lap) % SHAPES.length] }
}

/** The mark inside an SVG, centred on (x, y), `size` wide; colours are the CSS variables --task-0 to --task-11. */
export function taskMark(index: number, x: number, y: number, size = 10): Markup {
  const { colour, shape } = markOf(index)
  const scale = size / 12
  return html`<path
    d="${shape}"
    transform="translate(${(x - size / 2).toFixed(1)} ${(y - size / 2).toFixed(1)}) scale(${scale.toFixed(3)})"
    style="fill:var(--task-${colour});fill-rule:evenodd"
  />`
}
