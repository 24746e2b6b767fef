import type en from './en.ts'
import brain from './zh/brain.ts'
import chart from './zh/chart.ts'
import checks from './zh/checks.ts'
import compare from './zh/compare.ts'
import data from './zh/data.ts'
import experiment from './zh/experiment.ts'
import frame from './zh/frame.ts'
import learn from './zh/learn.ts'
import transforms from './zh/transforms.ts'
import params from './zh/params.ts'
import relations from './zh/relations.ts'
import ways from './zh/ways.ts'
import words from './zh/words.ts'

/** Chinese. A missing or an extra key does not compile. */
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
} satisfies Record<keyof typeof en, string>
