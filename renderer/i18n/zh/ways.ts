/** 同一个问题的两种问法：行随机分，组整体分。 */
export default {
  'ways.caption': '每个方法两种分法的 {metric}',
  'ways.method': '方法',
  'ways.random': '行随机分',
  'ways.whole': '组整体分',
  'ways.range': '{low} 至 {high}',
  'ways.ask': '再按随机分行问一次',
  'ways.ask.hint': '同样的方法和种子再跑一次，让同一 {column} 的行出现在两侧，看看这样会虚高多少。',
  'ways.run': '两种分法都运行',
  'ways.run.hint': '一次随机分行，一次让每个 {column} 保持完整：方法和种子相同，并排显示。',
} as const
