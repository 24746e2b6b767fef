/**
 * English texts of verdicts, warnings and reports, by message code: `{name}` is filled in from the message's params.
 * `zh.ts` has the same keys; a type checks it.
 */
export const en = {
  'call.helps': 'helps',
  'call.hurts': 'hurts',
  'call.no-useful-difference': 'no useful difference',
  'call.not-settled': 'not settled',

  'verdict.together.helps': 'Learning together helps: {method} beats {against} on {helps} of {n} tasks.',
  'verdict.together.hurts': 'Learning together hurts: {method} loses to {against} on {hurts} of {n} tasks.',
  'verdict.together.mixed':
    'It depends on the task: against {against}, {method} helps on {helps} and hurts on {hurts} of {n} tasks.',
  'verdict.together.same':
    'Learning together makes no useful difference: {method} does about as well as {against} on all {n} tasks.',
  'verdict.together.open':
    'Not settled yet: these data cannot tell whether learning together helps ({method} against {against}).',
  'verdict.together.helps.one': 'Learning together helps: {method} beats {against}.',
  'verdict.together.hurts.one': 'Learning together hurts: {method} loses to {against}.',
  'verdict.together.same.one':
    'Learning together makes no useful difference: {method} does about as well as {against}.',
  'verdict.method.helps': '{method} beats {against} on {helps} of {n} tasks.',
  'verdict.method.hurts': '{method} loses to {against} on {hurts} of {n} tasks.',
  'verdict.method.mixed': '{method} beats {against} on {helps} and loses on {hurts} of {n} tasks.',
  'verdict.method.same': '{method} does about as well as {against} on all {n} tasks: no useful difference.',
  'verdict.method.open': 'Not settled yet: these data cannot tell {method} from {against}.',
  'verdict.method.helps.one': '{method} beats {against}.',
  'verdict.method.hurts.one': '{method} loses to {against}.',
  'verdict.method.same.one': '{method} does about as well as {against}: no useful difference.',
  'verdict.list.helps': 'Helps: {tasks}.',
  'verdict.list.hurts': 'Hurts: {tasks}.',
  'verdict.list.no-useful-difference': 'No useful difference: {tasks}.',
  'verdict.list.not-settled': 'Not settled: {tasks}.',
  'verdict.rest.same': 'Tasks with no useful difference: {same}.',
  'verdict.rest.open': 'Tasks that are not settled: {open}.',
  'verdict.rest': 'Of the other tasks, {same} show no useful difference and {open} are not settled.',
  'verdict.overall.better': 'Over all tasks {metric} is better by {effect} ({interval}).',
  'verdict.overall.open': 'Over all tasks the effect on {metric} may lie anywhere from {interval}.',
  'verdict.overall.same': 'Over all tasks the effect on {metric} is too small to matter ({interval}).',
  'verdict.overall.worse': 'Over all tasks {metric} is worse by {effect} ({interval}).',
  'verdict.overall.point': 'Over all tasks {metric} differs by {effect}; there is no interval.',
  'verdict.plain.no': 'But {method} is not clearly better than {against}, which ignores the inputs.',
  'verdict.pooled':
    'Effects are partially pooled: what all tasks say counts for each. Measured alone, {n} of these tasks point the other way.',
  'verdict.pool.better':
    'Pool: one model for all tasks, {pool}, beats {method} ({metric} better by {effect}, {interval}).',
  'verdict.pool.same':
    'Pool: one model for all tasks, {pool}, does as well as {method} and is simpler ({metric} differs by {effect}, {interval}).',
  'verdict.pool.some': 'One model for all tasks, {pool}, is no worse over all, but worse than {method} on {n} tasks.',
  'verdict.pool.hurts':
    'One model for all tasks is not enough: {pool} is worse than {method} ({metric} by {effect}, {interval}).',
  'verdict.pool.open':
    'Whether one model for all tasks, {pool}, would do as well as {method} is not settled ({interval}).',
  'verdict.best': 'Best mean: {method}, {metric} {mean}.',
  'verdict.partial': 'These are partial results: {done} of {of} runs are done.',
  'verdict.differs': 'These results must not be ranked together: {field} differs ({values}).',
  'verdict.nothing': 'Nothing has been tested yet.',
  'verdict.alone': '{method} stands alone: there is nothing to compare it with.',
  'verdict.unpaired':
    '{n} methods side by side, and none has its own twin or the plain baseline beside it: nothing is said of which is better.',
  'verdict.task.helps': '{task}: {method} helps, {metric} better by {effect} ({interval}).',
  'verdict.task.hurts': '{task}: {method} hurts, {metric} worse by {effect} ({interval}).',
  'verdict.task.no-useful-difference':
    '{task}: no useful difference; the whole interval ({interval}) is smaller than {smallest}.',
  'verdict.task.not-settled': '{task}: not settled; the effect may lie anywhere in {interval}.',
  'verdict.task.no-interval': '{task}: not settled; there is no interval yet.',

  'warning.differs': 'Listed, not ranked: {field} differs ({values}).',
  'warning.group-leak':
    'Where rows of one group may be on both sides of a split, a method can recognise the group instead of learning; such figures are often too good. Trust the ones that keep groups whole.',
  'warning.short-classes':
    '{short} of {of} classes have fewer than {rows} rows (shots + queries): no task is drawn from them.',
  'warning.more-features-than-rows':
    'There are more features ({features}) than rows ({rows}): only strongly regularised methods can learn here, and figures will vary much.',
  'warning.target-in-features':
    '"{feature}" says the same as the target "{target}": predicting it from itself teaches nothing. Ignore it unless it is known beforehand.',
  'warning.target-near-copy':
    '"{feature}" says nearly the same as the target "{target}" (agreement {figure}). It may have been worked out from it. Ignore it unless it is known beforehand.',
  'warning.target-monotone-copy':
    '"{feature}" puts the rows in the same order as the target "{target}", on another scale: it may have been worked out from it. Ignore it unless it is known beforehand.',
  'warning.target-by-threshold':
    'A threshold on "{feature}" alone tells the target "{target}" (area under the curve {figure}). Real measurements seldom do: it may have been made from the target. Ignore it unless it is known beforehand.',
  'warning.duplicate-rows':
    '{n} of {rows} rows repeat an earlier row in all inputs and targets (row {second} is row {first} again). Dealt to both sides of a split they are answered from memory. Count each once, or keep copies on one side.',
  'warning.repeated-inputs':
    '{n} rows have the same inputs as another row but another value of "{target}". What no method can know is {share} % of its spread (of classes: {share} % of such rows stay wrong). Keep such rows on one side of a split, or add the column that tells them apart.',
  'warning.place-tells-class':
    '"{column}" alone tells the target "{target}": right in {right} % of rows, where the commonest class is right in {plain} % (Cramér\'s V {v}). A method may learn places instead of what was asked; test it on whole places that it never saw.',
  'warning.place-tells-number':
    '"{column}" alone explains {share} % of the variance of the target "{target}". A method may learn places instead of what was asked; test it on whole places that it never saw.',
  'warning.key-as-feature':
    '"{feature}" has a different whole number in every row, as a key has. Ignore it if it is one.',
  'warning.names-as-features':
    '{n} columns hold names rather than classes, a different one in more than half of the rows: {columns}. Nothing is learned from them for new rows.',
  'warning.constant-columns': '{n} columns hold one value only: {columns}. They say nothing.',
  'warning.near-constant-columns':
    '{n} columns hold one value in all but {few} rows or fewer: {columns}. A fold may hold none of the other rows.',
  'warning.far-values':
    'Numbers far from all others of their column: {columns}. Farthest is {value} in "{column}" (rows: {count}), while all others lie between {low} and {high}. A slip of the keyboard, or a code for "not measured"? Such a code can be named where it is said how the file is read.',
  'warning.drift-number':
    '{n} of {of} inputs are spread differently from one "{place}" to another, most of all "{column}" at {level}: mean {here} there and {there} elsewhere (standardised difference {smd}, Kolmogorov-Smirnov distance {distance}). What was learned at some may not hold at others; only a test on whole places shows it.',
  'warning.drift-class':
    '{n} of {of} inputs are spread differently from one "{place}" to another, most of all "{column}" at {level}: {distance} % of its rows hold other classes than elsewhere. What was learned at some may not hold at others; only a test on whole places shows it.',
  'warning.identical-tasks':
    'Some tasks are copies ({tasks}; "{other}" holds the very same rows as "{one}"): copies tell nothing about how tasks differ, and make new tasks look easier than they are.',
  'warning.subjects-split':
    '"{column}" has {subjects} values with about {rows} rows each, and {both} of them have rows on both sides of a fold: the same subject would train and test. Give it the role group, or say that known subjects are what you will predict.',
  'warning.unweighted':
    '{method}: rows count alike in its learning, whatever "{column}" says; in figures they count by it.',
  'warning.small-tasks':
    '{n} of {of} tasks have fewer than {few} measured rows, the smallest {least}: {tasks}. Alone they can hardly be learned or judged; their intervals are wide or missing.',
  'warning.one-class-tasks':
    'In {n} of {of} tasks every measured row is of one class: {tasks}. Alone there is nothing to learn there, and what needs two classes (AUC, balanced accuracy) is undefined.',
  'warning.fold-without-train':
    'Some fold has no measured training row of {targets}: nothing can be learned of it there, and its rows stay without prediction.',
  'warning.fold-without-test': 'Some fold has no measured test row of {targets}: it gives no figure there.',
  'warning.partial': 'Partial results: {done} of {of} runs are done.',
  'warning.failed': '{method}: {failed} runs failed and are left out.',
  'warning.slowed':
    '{method}: on {n} of {of} tasks the steps of its inner loop ran away; these were learned at a lower rate.',
  'warning.slowed-kept':
    '{method}: on {n} of {of} tasks the steps of its inner loop ran away; these were learned at a lower rate, and {kept} of them not at all: no rate helped.',
  'warning.adapt.slowed':
    '{task}: the steps of the inner loop ran away on these rows, so that it was learned at 1/{part} of the rate. Check that the labels are in the unit that the model was trained with.',
  'warning.adapt.slowed-within':
    '{task}: within {steps} steps the inner loop runs away on these rows; what is shown there is at 1/{part} of the rate. Check that the labels are in the unit that the model was trained with.',
  'warning.adapt.kept':
    '{task}: the steps of the inner loop ran away on these rows at every rate, so that nothing was learned from them. Check that the labels are in the unit that the model was trained with.',
  'warning.adapt.kept-within':
    '{task}: within {steps} steps the inner loop runs away on these rows at every rate; the start is shown there. Check that the labels are in the unit that the model was trained with.',
  'warning.predict.missing-cells': '{column}: cells that are empty or no number: {cells}.',
  'warning.adapt.unread-labels':
    '{target}: labels that are no number, or no class that the model knows: {cells} (such as "{example}"). These rows count as unlabelled.',
  'warning.predict.unknown-levels': '{column}: the model never saw {levels}.',
  'warning.predict.unanswered':
    '{target}: {cells} cells have no prediction: the method does not predict it, or never saw their task.',
  'warning.looks':
    'Looked at {looks} times while runs were arriving: stopping as soon as a result looks good makes it look better than it is.',
  'warning.no-interval': 'One figure only: no interval can be given, so nothing is settled.',
  'warning.budget-differs':
    'These experiments looked for parameters with different budgets: more tries may be all that makes one better.',
  'warning.few-folds': 'Only {folds} folds: the intervals are rough.',
  'warning.few-rows': 'Only {n} test rows: the intervals are rough.',
  'warning.few-groups': 'Only {n} groups: the intervals are rough.',
  'warning.few-tasks': 'Only {n} tested tasks: the intervals are rough.',
  'warning.other-interval-folds': '{experiment}: its intervals come from {n} folds.',
  'warning.other-interval-rows': '{experiment}: its intervals come from resampling {n} test rows.',
  'warning.other-interval-groups': '{experiment}: its intervals come from {n} whole groups.',
  'warning.other-interval-tasks': '{experiment}: its intervals come from {n} tested tasks.',
  'warning.other-interval-none': '{experiment}: its figures have no interval.',
  'warning.mixed-units':
    '{metric} is in the unit of each target, so its mean over tasks mixes units. Read it task by task, or choose aRRMSE.',
  'warning.tasks-missing':
    '{method} has no figure for {missing} of the tasks, so none over all; differences use the others.',
  'warning.narrower-folds': '{folds} more folds would narrow the interval of {method} to about ±{half}.',
  'warning.narrower-rows': 'About {n} more rows like these would narrow the interval of {method} to about ±{half}.',
  'warning.narrower-groups': 'About {n} more groups like these would narrow the interval of {method} to about ±{half}.',
  'warning.narrower-tasks': 'About {n} more tasks like these would narrow the interval of {method} to about ±{half}.',

  'ways.flatters':
    'With rows at random {method} looks best: {metric} {random}. On values of "{column}" that it never saw it comes to {whole}: rows at random flatter it by {by}.',
  'ways.open':
    'With rows at random {method} looks best: {metric} {random}. On values of "{column}" that it never saw it comes to {whole}; whether rows at random flatter it is not settled.',
  'ways.other':
    'With rows at random {method} looks best: {metric} {random}. On values of "{column}" that it never saw it comes to {whole}, better by {by}: rows at random do not flatter it here.',
  'ways.plain':
    'There it is no better than {plain}, which ignores the inputs: it seems to have learned to recognise "{column}".',
  'ways.best': 'There {method} is best: {whole}.',

  'interval.nadeau-bengio': '95 % interval over {n} folds (corrected for shared training rows; approximate)',
  'interval.crossed-rows':
    '95 % interval over {n} random splits and their test rows (corrected for the rows that splits share; approximate)',
  'interval.crossed-blocks':
    '95 % interval over {n} random splits and their groups of test rows (corrected for the rows that splits share; approximate)',
  'interval.bootstrap-rows': '95 % interval from resampling {n} test rows',
  'interval.bootstrap-blocks': '95 % interval from resampling {n} groups of test rows',
  'interval.paired-groups': '95 % interval over {n} left-out groups',
  'interval.bootstrap-tasks': '95 % interval over {n} tested tasks',
  'interval.none': 'no interval',
  'interval.range': '{low} to {high}',

  'role.baseline': 'baseline',
  'role.twin': 'twin',
  'role.chosen': 'chosen',
  'protocol.k-fold': 'new rows of known tasks: {folds} folds',
  'protocol.holdout': 'new rows of known tasks: held-out rows',
  'protocol.given': 'new rows of known tasks: {folds} given folds',
  'protocol.grouped': '{question}, rows of one {group} kept together',
  'protocol.repeated': '{question}, repeated {repeats} times',
  'protocol.leave-one-group-out': 'a whole new group: each left out in turn',
  'protocol.new-task': 'a whole new task: tasks held out',
  'protocol.few-shot': 'a new task with {shots} labelled rows: tasks held out',

  'curve.title': '{metric} against the training rows per task',
  'curve.rows': 'Training rows per task',
  'curve.note':
    'Each method learned anew from the same first rows of every task, and was tested on the same test rows. {interval}.',
  'curve.stops':
    'Sharing stops helping: {method} beats {against} beyond doubt up to {n} rows per task, and no longer at {next}.',
  'curve.always': '{method} beats {against} beyond doubt up to the most rows that were tried, {n} per task.',
  'curve.never': 'At no number of rows does {method} beat {against} beyond doubt.',
  'curve.hurts': '{method} beats {against} at no number of rows, and is worse from {n} rows per task on.',

  'shots.title': '{metric} against the labelled rows of a new task',
  'shots.rows': 'Labelled rows of a new task',
  'shots.note': 'Means over the same new tasks at every point ({n}), with 95 % intervals over tasks.',
  'shots.worth':
    'Labelled rows of a new task: {n} with {method} = {equals} alone ({alone}; 95 % interval {low} to {high}).',
  'shots.more': 'Labelled rows of a new task: {n} with {method} > {most} alone ({alone}).',
  'shots.notWorth': 'Labelled rows of a new task: {n} with {method} are worth no more than {n} alone ({alone}).',
  'shots.settled': 'It beats the best baseline ({baseline}) beyond doubt at these numbers of rows: {at}.',
  'shots.unsettled':
    'Against the best baseline ({baseline}) no gain is settled at any number of rows: prefer the baseline.',

  'report.ways': 'Rows at random, and groups kept whole',
  'report.ways.random': 'Rows at random',
  'report.ways.whole': 'Groups whole',
  'report.ways.flatters': 'Random flatters by',
  'report.ways.note':
    'Rows at random: {random}. Groups whole: {whole}. The interval of the difference takes the two as independent (approximate).',
  'report.title': 'Report',
  'report.method': 'Method',
  'report.role': 'Role',
  'report.overall': 'Over all tasks',
  'report.task': 'Task',
  'report.against': 'Compared with',
  'report.effect': 'Effect',
  'report.call': 'Verdict',
  'report.raw': 'Raw difference',
  'report.interval': '95 % interval',
  'report.time': 'Time',
  'report.parameters': 'Learned numbers',
  'report.runs': 'Runs',
  'report.figures': 'Figures',
  'report.figures.about': '{metric}, mean over folds and tasks. {better}',
  'report.better.lower': 'Lower is better.',
  'report.better.higher': 'Higher is better.',
  'report.differences': 'Together or alone, task by task',
  'report.differences.plain': 'Differences, task by task',
  'report.differences.about':
    'Right of the line: {method} is better than {against}. Effects of tasks are partially pooled. The grey band is the smallest effect that matters.',
  'report.network': 'What was learned',
  'report.network.about':
    '{method} fitted on all rows: the {shown} strongest of {of} weights, layer by layer. Blue: positive; orange, dashed: negative; width: size within its layer.',
  'report.network.inputs': 'Inputs',
  'report.network.hidden': 'Layer {n}',
  'report.network.outputs': 'Tasks',
  'report.from': 'From',
  'report.to': 'To',
  'report.weight': 'Weight',
  'report.table': 'The same as a table',
  'report.know': 'Worth knowing',
  'report.data': 'Data',
  'report.data.about': '{rows} rows, {columns} columns, {tasks} tasks',
  'report.question': 'Question',
  'report.fingerprint': 'Fingerprint',
  'report.fingerprint.about': 'The same data, specification, runtime and version give the same fingerprint.',
  'report.fingerprint.all': 'All',
  'report.fingerprint.data': 'Data',
  'report.fingerprint.spec': 'Specification',
  'report.fingerprint.runtime': 'Runtime',
  'report.fingerprint.version': 'Version',
  'report.written': 'Written {now} by Engram {version}. This page holds figures only, no rows of the data.',
  'report.tasks.more': '{n} more tasks are in the table.',
  'report.none': 'none',
  'report.text.about': '{metric}, {interval}. {better}',
  'report.axis.better': 'better →',
  'report.axis.worse': '← worse',
  'report.axis.share': 'share of the {metric} of {against}',
  'report.others': 'All other pairs',
  'report.all-tasks': 'All tasks',
  'report.mean': 'Mean',
  'report.unit': '1 unit',
  'report.units': '{n} units',
  'report.units.some': '{shown} of {n} units',
  'report.seconds': '{n} s',
} as const

export type WordKey = keyof typeof en
