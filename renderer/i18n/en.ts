import brain from './en/brain.ts'
import chart from './en/chart.ts'
import checks from './en/checks.ts'
import compare from './en/compare.ts'
import data from './en/data.ts'
import experiment from './en/experiment.ts'
import frame from './en/frame.ts'
import learn from './en/learn.ts'
import transforms from './en/transforms.ts'
import params from './en/params.ts'
import relations from './en/relations.ts'
import ways from './en/ways.ts'
import words from './en/words.ts'

/** The catalogue: its keys are said once here, and the Chinese one must have the same. One file per area. */
export default {
  ...frame,
  ...data,
  ...checks,
  ...experiment,
  ...chart,
  ...compare,
  ...brain,
  ...learn,
  ...transforms,
  ...relations,
  ...params,
  ...ways,
  ...words,
} as const
