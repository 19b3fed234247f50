/** What an engine's process tells the one that started it. */
export type EngineMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string };

/** The environment variable with the port to listen on; 0 lets the system choose. */
export const enginePortVariable = 'MILLRACE_ENGINE_PORT';
