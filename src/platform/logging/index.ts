export { AppLogger, LOG_STREAM, UNSAFE_logRequestBody } from './logger.js';
export { LoggingModule } from './logging.module.js';
export { redact } from './redact.js';
