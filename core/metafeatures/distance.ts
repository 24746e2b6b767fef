import { META_FEATURES, type FeatureName, type Figures } from './catalogue.ts'

/** Ten rows more are much of ten and nothing of a thousand. */
const COUNTS: ReadonlySet<FeatureName> = new Set([
  'nr_inst',
  'nr_attr',
  'nr_num',
  'nr_cat',
  'nr_bin',
  'nr_class',
  'leaves',
])

/** Where a data set or task stands among others: its meta-features, counts by their logarithm; NaN where there is none. */
export const coordinates = (figures: Figures): number[] =>
  META_FEATURES.map(({ name }) => (COUNTS.has(name) ? Math.log1p(figures[name] ?? NaN) : (figures[name] ?? NaN)))
