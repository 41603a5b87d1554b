package snapshot

import (
	"time"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	celv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	grpcv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/grpc/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/headgate/headgate/policy"
)

// flush is how long an entry about an unclean ending may wait in Envoy.
const flush = 50 * time.Millisecond

// accessLogs are Envoy's own log, if any, and the entries about unclean endings,
// which go to ext_proc over its own socket.
func accessLogs(o Options) []*accesslogv3.AccessLog {
	logs := []*accesslogv3.AccessLog{endings()}
	if o.AccessLog != "" {
		logs = append(logs, fileLog(o.AccessLog))
	}
	return logs
}

// fileLog is Envoy's own view of each exchange, beside what Headgate says of it. It logs
// no header and no query, because either may carry a secret.
func fileLog(path string) *accesslogv3.AccessLog {
	format := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for key, operator := range map[string]string{
		"time":     "%START_TIME%",
		"method":   "%REQ(:METHOD)%",
		"protocol": "%PROTOCOL%",
		"code":     "%RESPONSE_CODE%",
		"flags":    "%RESPONSE_FLAGS%",
		"details":  "%RESPONSE_CODE_DETAILS%",
		"route":    "%ROUTE_NAME%",
		"cluster":  "%UPSTREAM_CLUSTER%",
		"host":     "%UPSTREAM_HOST%",
		"attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
		"received": "%BYTES_RECEIVED%",
		"sent":     "%BYTES_SENT%",
		"ms":       "%DURATION%",
		"headgate": "%DYNAMIC_METADATA(" + policy.MetadataNamespace + ")%",
	} {
		format.Fields[key] = structpb.NewStringValue(operator)
	}
	return &accesslogv3.AccessLog{
		Name: "envoy.access_loggers.file",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: packed(&filev3.FileAccessLog{
			Path: path,
			AccessLogFormat: &filev3.FileAccessLog_LogFormat{LogFormat: &corev3.SubstitutionFormatString{
				Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: format},
			}},
		})},
	}
}

// logged are the headers of requests that entries about endings hold: by them people find a request
// of which ext_proc has seen nothing.
var logged = []string{"x-client-request-id", policy.RequestIDHeader, "traceparent"}

// endings sends an entry for every exchange that did not end cleanly: any
// response flag, and what sets none, such as a body over the limit or an error of
// ext_proc's; not for answers that Headgate itself made.
func endings() *accesslogv3.AccessLog {
	flagged := &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{}}}
	local := &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ExtensionFilter{ExtensionFilter: &accesslogv3.ExtensionFilter{
		Name:       "cel",
		ConfigType: &accesslogv3.ExtensionFilter_TypedConfig{TypedConfig: packed(&celv3.ExpressionFilter{Expression: "response.code_details != 'via_upstream'"})},
	}}}
	unmarked := &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_AndFilter{AndFilter: &accesslogv3.AndFilter{
		Filters: []*accesslogv3.AccessLogFilter{local, notOurs()},
	}}}
	return &accesslogv3.AccessLog{
		Name: "headgate.endings",
		Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_OrFilter{OrFilter: &accesslogv3.OrFilter{
			Filters: []*accesslogv3.AccessLogFilter{flagged, unmarked},
		}}},
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: packed(&grpcv3.HttpGrpcAccessLogConfig{AdditionalRequestHeadersToLog: logged, AdditionalResponseHeadersToLog: []string{"retry-after"}, CommonConfig: &grpcv3.CommonGrpcAccessLogConfig{
			LogName:             "endings",
			TransportApiVersion: corev3.ApiVersion_V3,
			BufferFlushInterval: durationpb.New(flush),
			GrpcService: &corev3.GrpcService{
				TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: ExtProcCluster}},
			},
		}})},
	}
}
