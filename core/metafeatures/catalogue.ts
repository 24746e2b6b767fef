/**
 * The meta-features: figures of a data set and one target of it, by the field's names (pymfe: Alcobaça et al. 2020;
 * OpenML where pymfe has none). ".mean", ".sd" and ".max" sum up over columns or nodes. pymfe describes class targets
 * only: for number targets the same words with ".target", and landmarks score the share of variance told (R2).
 */
export const GROUPS = ['simple', 'statistical', 'information', 'landmarking', 'model-based'] as const
export type Group = (typeof GROUPS)[number]

/** [name, group, one plain sentence]. */
const LIST = [
  ['nr_inst', 'simple', 'Rows in which the target is measured.'],
  ['nr_attr', 'simple', 'Columns to predict from.'],
  ['nr_num', 'simple', 'Columns of numbers among them.'],
  ['nr_cat', 'simple', 'Columns of categories among them.'],
  ['nr_bin', 'simple', 'Columns that take two values only.'],
  ['attr_to_inst', 'simple', 'Columns per row: near or above 1, there is little to learn from.'],
  ['nr_class', 'simple', 'Classes of the target.'],
  ['freq_class.max', 'simple', 'Share of the commonest class: how often always saying it is right.'],
  ['freq_class.min', 'simple', 'Share of the rarest class.'],
  ['PercentageOfMissingValues', 'simple', 'Empty cells among the columns to predict from, in percent.'],
  ['PercentageOfInstancesWithMissingValues', 'simple', 'Rows with at least one empty cell, in percent.'],
  ['skewness.mean', 'statistical', 'How lopsided the number columns are, on average; 0 is even on both sides.'],
  ['skewness.sd', 'statistical', 'How much columns differ in lopsidedness.'],
  ['kurtosis.mean', 'statistical', 'How heavy the tails of the number columns are; 0 is a bell curve.'],
  ['kurtosis.sd', 'statistical', 'How much columns differ in their tails.'],
  ['cor.mean', 'statistical', 'Mean strength of correlation between two number columns.'],
  ['cor.max', 'statistical', 'Strongest correlation between two number columns.'],
  ['nr_cor_attr', 'statistical', 'Share of column pairs with a correlation of 0.5 or more: they say much the same.'],
  ['sparsity.mean', 'statistical', 'How often the same number comes again in a column: 0 never, 1 always.'],
  ['nr_outliers', 'statistical', 'Number columns with a value far outside the middle half.'],
  [
    'PCAFractionOfComponentsFor95PercentVariance',
    'statistical',
    'Share of directions that hold 95 % of the spread of the number columns; small: there are fewer causes than columns.',
  ],
  ['skewness.target', 'statistical', 'How lopsided the target is.'],
  ['kurtosis.target', 'statistical', 'How heavy the tails of the target are.'],
  ['cor_target.mean', 'statistical', 'Mean strength of correlation between a number column and the target.'],
  ['cor_target.max', 'statistical', 'Strongest correlation of one number column with the target.'],
  ['attr_ent.mean', 'information', 'Bits of information in a column, on average.'],
  ['class_ent', 'information', 'Bits needed to tell the target (a number: which of its equal parts).'],
  ['joint_ent.mean', 'information', 'Bits of a column and the target together.'],
  ['mut_inf.mean', 'information', 'Bits that one column tells about the target, on average.'],
  ['mut_inf.max', 'information', 'Bits that the best single column tells about the target.'],
  ['eq_num_attr', 'information', 'How many average columns would tell the target if they never repeated each other.'],
  [
    'ns_ratio',
    'information',
    'Bits of the columns that say nothing of the target, per bit that does: noise to signal.',
  ],
  ['one_nn', 'landmarking', 'Score of the nearest row on rows left out: high where alike rows have alike answers.'],
  ['best_node', 'landmarking', 'Score of one single question about one column on rows left out.'],
  ['naive_bayes', 'landmarking', 'Share right on rows left out, each column looked at by itself (naive Bayes).'],
  ['linear_discr', 'landmarking', 'Share right on rows left out of a straight border (linear discriminant).'],
  ['linear_regr', 'landmarking', 'Share of variance told by straight lines on rows left out.'],
  ['leaves', 'model-based', 'Ends of a decision tree of the data (each holds 5 rows or more).'],
  ['tree_depth.max', 'model-based', 'Questions on the longest way through the tree, at most 10.'],
  ['nodes_per_attr', 'model-based', 'Questions of the tree per column.'],
  ['var_importance.max', 'model-based', 'Part of the tree that is due to its most important column; 1: it is all.'],
] as const satisfies readonly (readonly [string, Group, string])[]

export type FeatureName = (typeof LIST)[number][0]
export const META_FEATURES: readonly { name: FeatureName; group: Group; about: string }[] = LIST.map(
  ([name, group, about]) => ({ name, group, about }),
)
/** NaN where it has no meaning here. */
export type Figures = Partial<Record<FeatureName, number>>
