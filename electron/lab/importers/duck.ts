import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

/**
 * DuckDB in memory, locked: it can read the one given file and nothing else, writes nothing, loads no extension and
 * keeps within its memory. The order matters: what is allowed must be said before the lock.
 */
export async function duck(path: string): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GiB' })
  const connection = await instance.connect()
  for (const setting of [
    `temp_directory=''`,
    `enable_progress_bar=true`,
    `enable_progress_bar_print=false`,
    `autoinstall_known_extensions=false`,
    `autoload_known_extensions=false`,
    `allowed_paths=[${literal(path)}]`,
    `enable_external_access=false`,
    `lock_configuration=true`,
  ])
    await connection.run(`SET ${setting}`)
  return connection
}

export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
