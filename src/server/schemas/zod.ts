/** Zod with its OpenAPI extension; every schema of the server is made with this one. */
export { z } from '@hono/zod-openapi';
