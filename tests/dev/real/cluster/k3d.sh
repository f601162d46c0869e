# Stands in for k3d: its commands `node list -o json` and `image import FILE -c CLUSTER --mode direct`. Nodes that SKIP
# names get nothing, and it says that it went well all the same.
case "$1 $2" in
"node list")
    [ "$3 $4" = "-o json" ]
    format='{"name":"{{.Names}}","role":"{{.Label "k3d.role"}}","runtimeLabels":{"k3d.cluster":"{{.Label "k3d.cluster"}}"},"State":{"Running":true}}'
    printf '['
    docker ps --all --filter label=k3d.cluster --format "$format" | sort | paste -sd, -
    printf ']\n'
    ;;
"image import")
    file=$3
    [ "$4 $6 $7" = "-c --mode direct" ]
    case $file in /*) ;; *) exit 9 ;; esac
    for node in $(docker ps --filter "label=k3d.cluster=$5" --format '{{.Names}}' | sort); do
        case " $SKIP " in *" $node "*) continue ;; esac
        docker exec -i "$node" ctr -n k8s.io images import --all-platforms - <"$file" >/dev/null
        if [ -n "$AFTER" ]; then eval "$AFTER"; fi
    done
    echo 'INFO[0001] Successfully imported image(s)' >&2
    ;;
*) exit 8 ;;
esac
