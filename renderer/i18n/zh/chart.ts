import type en from '../en/chart.ts'

export default {
  'chart.show': '显示为',
  'chart.chart': '图',
  'chart.table': '表',
  'chart.copy': '复制',
  'chart.copied': '已复制图片和数据。',
  'chart.export': '保存为',
  'chart.saved': '已保存 {name}。',
  'chart.keys': '方向键逐个查看数值；加号、减号和 0 缩放。',
  'chart.keysPlain': '方向键逐个查看数值。',
  'chart.legend': '曲线；按下可隐藏或显示',
  'chart.empty': '暂无可画的内容。',
  'chart.format.png': 'PNG 图片',
  'chart.format.svg': 'SVG 矢量图',
  'chart.format.csv': 'CSV 表格',
  'chart.format.json': 'JSON',
  'chart.format.latex': 'LaTeX 表格',
  'chart.zoomReset': '全部范围',
  'chart.source': 'Engram',
} as const satisfies Record<keyof typeof en, string>
