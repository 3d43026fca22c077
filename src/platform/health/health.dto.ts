import { Expose } from 'class-transformer';

/** The health of the process. */
export class HealthResponse {
  /** `ok`, or `shutting_down` after a stop signal. */
  @Expose()
  status: string;

  /** The services that were checked. All of them responded. */
  @Expose()
  checks: string[];
}
