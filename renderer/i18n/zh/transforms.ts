/** 目标在什么刻度上学习。 */
export default {
  'transform.title': '目标的刻度',
  'transform.each': '逐个目标',
  'transform.of': '{name} 的刻度',
  'transform.none': '原样',
  'transform.mixed': '各不相同',
  'transform.log': '对数',
  'transform.box-cox': 'Box-Cox 变换',
  'transform.rank': '秩',
  'transform.log.hint': '适合大于 0、误差随数值增大的数。',
  'transform.box-cox.hint': '在每个训练折上求出使数值最接近正态的幂。',
  'transform.rank.hint': '只看次序（正态得分）：适合有离群值或任意形状的分布。',
  'transform.note.none': '各方法按目标本身的单位学习。',
  'transform.note': '只在每个训练折内拟合。预测和结果仍用原单位；预测更接近中位数而不是均值。',
  'transform.positive': '对数和 Box-Cox 只适用于大于 0 的数。',
} as const
