import type { Cells } from './cells.ts'
import type { Figures } from './catalogue.ts'

/** Counts: what anyone sees of a table. */
export function simple({ rows, y, numbers, categories, counts, emptyCells, emptyRows }: Cells): Figures {
  const columns = [...numbers, ...categories]
  const two = [
    ...numbers.filter((column) => new Set(column.filter((v) => v === v)).size === 2),
    ...categories.filter((column) => new Set(column.filter((level) => level >= 0)).size === 2),
  ]
  return {
    nr_inst: rows,
    nr_attr: columns.length,
    nr_num: numbers.length,
    nr_cat: categories.length,
    nr_bin: two.length,
    attr_to_inst: columns.length / rows,
    ...(counts.length
      ? {
          nr_class: counts.length,
          'freq_class.max': Math.max(...counts) / y.length,
          'freq_class.min': Math.min(...counts) / y.length,
        }
      : {}),
    PercentageOfMissingValues: (100 * emptyCells) / (y.length * columns.length),
    PercentageOfInstancesWithMissingValues: (100 * emptyRows) / y.length,
  }
}
