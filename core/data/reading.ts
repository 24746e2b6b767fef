import { z } from 'zod'

/**
 * How a file is to be read. `auto` means: find out from the file. What `open` answers holds what was found, so that
 * the same file read with the answered options gives the same table.
 */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'gb18030', 'latin1'] as const
export const DELIMITERS = [',', '\t', ';', '|', 'spaces'] as const

/** Cells that mean "not measured", compared after trimming blanks. */
export const MISSING = ['', 'NA', 'N/A', '#N/A', 'NaN', 'nan', 'NULL', 'null', '?']

export const ReadOptions = z.strictObject({
  encoding: z.enum(['auto', ...ENCODINGS]).default('auto'),
  /** Delimited text: what stands between two cells; `spaces` is any run of blanks. */
  delimiter: z.enum(['auto', ...DELIMITERS]).default('auto'),
  /** The sign before the fraction. */
  decimal: z.enum(['auto', '.', ',']).default('auto'),
  /** Lines (rows of a sheet) before the header that are not part of the table: titles, notes. */
  skipRows: z.union([z.literal('auto'), z.int().min(0).max(10_000)]).default('auto'),
  /** Rows that hold the column names; several (merged headers) are joined; 0: columns are named c1, c2, ... */
  headerRows: z.union([z.literal('auto'), z.int().min(0).max(10)]).default('auto'),
  /** XLSX: the name of the sheet; null is the first. */
  sheet: z.string().nullable().default(null),
  missing: z.array(z.string()).default(MISSING),
  /** What to do with infinite numbers: refuse the file, or read the cells as missing. */
  infinite: z.enum(['refuse', 'missing']).default('refuse'),
})
export type ReadOptions = z.infer<typeof ReadOptions>

/** Something that was read, but that a person should know of. `code` is a key of the catalogue, with its params. */
export const ImportWarning = z.object({
  code: z.string(),
  text: z.string(),
  column: z.string().optional(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})
export type ImportWarning = z.infer<typeof ImportWarning>

/** The first rows of a file as text, with the options that were found, so that a person can override them. */
export const Preview = z.object({
  format: z.enum(['delimited', 'xlsx', 'arff', 'numpy']),
  read: ReadOptions,
  /** Names of the sheets of a workbook. */
  sheets: z.array(z.string()),
  /** The first lines or sheet rows as they are, before skipping, at most 30. */
  head: z.array(z.array(z.string())),
  names: z.array(z.string()),
  /** Data rows as text, at most 20. */
  rows: z.array(z.array(z.string())),
  warnings: z.array(ImportWarning),
})
export type Preview = z.infer<typeof Preview>

/** What an import says while it runs: `done` is the share of the whole work, in [0, 1]. */
export const ImportProgress = z.object({ phase: z.enum(['check', 'scan', 'read', 'summary']), done: z.number() })
export type ImportProgress = z.infer<typeof ImportProgress>
