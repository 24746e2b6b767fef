/** What columns are usually called: a place or thing that names the task of a row, someone whose rows belong together, a key. */
export const SITE_NAME =
  /(task|site|school|machine|device|hospital|centre|center|region|country|county|city|state|origin|farm|field|plant|station|batch|lab|branch|store|任务|站点|地点|学校|机器|设备|医院|中心|地区|国家|城市|产地|农场|批次|工厂|门店|田块|实验室)/i
export const SUBJECT_NAME = /(subject|patient|participant|person|individual|animal|受试|被试|病人|患者|个体|动物|学生)/i
export const KEY_NAME =
  /^(id|.*_id|uuid|index|row|rownames?|rowid|row_?num(ber)?|no\.?|nr\.?|#|unnamed.*|序号|编号|行号)$/i
