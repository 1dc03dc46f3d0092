import { z } from "zod";

/** `POST /api/v1/auth/public-tokens`. */
export const publicTokenBody = z.object({
  /** `action[:type[:id]]`. */
  scopes: z.array(z.string().min(1).max(1024)).min(1).max(1000),
  /** A duration (`15m`, `1h`), or when it expires in seconds since 1970. */
  expirationTime: z.union([z.string().max(100), z.number()]).optional(),
  /** Good for one trigger. */
  oneTimeUse: z.boolean().optional(),
  realtime: z.object({ skipColumns: z.array(z.string().max(200)).max(100).optional() }).optional(),
});

/** Its reply. */
export const publicTokenReply = z.object({ token: z.string() });

/** Reply of `POST /api/v1/auth/jwt/claims`: what makes a token one of the environment. */
export const tokenClaimsReply = z.object({ sub: z.string(), pub: z.literal(true) });
