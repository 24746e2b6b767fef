import { markOf, TASK_COLOURS, type TaskShape } from '../../core/report/palette.ts'

/** The palette of tasks on screen: that of the report (core/report/palette.ts), with colours as CSS names them. */
export { SHAPE_PATHS, TASK_COLOURS, TASK_SHAPES, type TaskShape } from '../../core/report/palette.ts'

/** Colour index, CSS colour and shape of the task at this place in the task list. */
export function taskMark(index: number): { colour: number; css: string; shape: TaskShape } {
  const { colour, shape } = markOf(index)
  return { colour, css: `var(--task-${colour})`, shape }
}

/** The same colour as a value, for drawing surfaces that know no CSS variables. */
export function taskColour(index: number, theme: 'light' | 'dark'): string {
  return TASK_COLOURS[theme][index % TASK_COLOURS[theme].length]
}
