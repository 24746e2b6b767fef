import brain from './en/brain.ts'
import chart from './en/chart.ts'
import compare from './en/compare.ts'
import data from './en/data.ts'
import experiment from './en/experiment.ts'
import frame from './en/frame.ts'
import learn from './en/learn.ts'
import words from './en/words.ts'

/** The catalogue: its keys are said once here, and the Chinese one must have the same. One file per area. */
export default { ...frame, ...data, ...experiment, ...chart, ...compare, ...brain, ...learn, ...words } as const
